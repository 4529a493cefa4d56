"""What a live run is made of: settings, scene, parts, proofs, the attack."""
