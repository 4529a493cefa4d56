"""The live range: the rules of the virtual range in separate processes, in lockstep.

A run (`supervision.run`) starts a broker and one process a role, runs case by case, and ends
everything. A tick of a case (`supervision.coordinator`) has these steps:

1. The man in the middle sets what the network between gateway and broker does in this tick.
2. The rogue publisher opens its session, so that it receives what the others publish.
3. ECU, gateway and cloud step their parts side by side, each on its inbox of the tick before. The
   ECU and the gateway send their frames on the bus; the gateway publishes records to the broker.
4. The bus attacker reads the frames of the tick, and sends forged ones after them.
5. The rogue publishes one forged record.
6. The cloud publishes its command.
7. ECU, gateway and cloud collect what arrived: their inboxes of the next tick.
8. The messages of the tick are counted and compared.

Every part of a tick is a message, also silence, and senders say how many messages they sent, so
that no result depends on a clock. The rooms, from the bottom: `links` (control line, ports,
messages), `case` (what is run), `processes` (the honest roles), `attackers`, `supervision`.
"""
