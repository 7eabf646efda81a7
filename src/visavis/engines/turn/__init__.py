"""End of turn, from sound: one package per engine, found by name through `visavis.engines.registry`."""
