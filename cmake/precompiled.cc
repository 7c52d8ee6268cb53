// Gives the precompiled header a target that owns it.
