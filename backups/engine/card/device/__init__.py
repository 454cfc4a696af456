"""What runs on the device, below Python 3.5 and later, read-only. Never imported there.

A program is made of these modules, one behind the other, and fed to `python3 -I -S -`, with a line
in front that sets GIVEN. It answers one JSON object a line, in ASCII; an answer without its end
was cut. Names are bytes: each is one character from 0 to 255. Nothing is written, made or locked
on the device but the read mark that any reader of a live database in WAL mode sets.
"""
