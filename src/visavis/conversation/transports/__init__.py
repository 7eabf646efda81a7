"""Ways into a call. Each gives participants a place to send sound and messages and to receive a stage."""
