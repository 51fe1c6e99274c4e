"""Captures of the network: pcap and pcapng files of WebSockets that are not encrypted.

files reads packets, streams puts TCP together, websocket reads RFC 6455, talks finds stations.
A parser of our own and why: docs/decisions/0036.
"""
