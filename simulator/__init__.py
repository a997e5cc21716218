"""Tax authorities on loopback, for tests, demonstrations and fault runs.

One WSGI application per authority, written from the authority's own
documentation and sharing no code with the client side of this add-on, so that
one mistake is not made on both sides. Each is strict and able to misbehave
(see :mod:`simulator.faults`), and each is told what to do through a control
API under ``/_control/`` (see :mod:`simulator.client`).

``python -m simulator eg_eta``, ``hr_cis`` or ``cn_nuonuo`` serves one on 127.0.0.1.
"""
