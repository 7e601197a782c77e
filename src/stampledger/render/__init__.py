"""What a person sees: the customer's page, as text and as HTML, in the customer's language."""

from stampledger.render.page import CustomerPage, customer_page
from stampledger.render.side_by_side import compare

__all__ = ["CustomerPage", "compare", "customer_page"]
