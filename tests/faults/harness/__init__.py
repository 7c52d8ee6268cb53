"""What the fault cases are made of: a scripted provider, a gate, a raw client, a probe, and the invariants."""
