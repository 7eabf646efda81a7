"""A conversation without a browser: an ordinary WebRTC client in Python, and the `visavis talk` command built on it.

Knows the server only through HTTP, WebRTC and the contract's messages; of this program it uses the engines (to have
something to say) and nothing of the server. Tests and benchmarks use `visavis.talk.client.TalkClient`.
"""
