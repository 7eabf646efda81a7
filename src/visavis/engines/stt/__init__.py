"""Speech to text: one package per engine, found by name through `visavis.engines.registry`."""
