"""Between vehicle and cloud: gateway, links, identities, topics, payloads, TLS and MQTT."""
