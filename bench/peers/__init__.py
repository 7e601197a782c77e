"""The peers: other ways to keep stamp cards, used as their documentation says, with equal promises.

A stamp is kept together with its receipt, and a receipt is good once.
"""
