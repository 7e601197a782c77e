"""Where each page is, below wherever the application is mounted."""

PATHS = {
    "dashboard": "/",
    "journal": "/journal",
    "journal_filter": "/journal/filter",
    "journal_news": "/journal/news",
    "journal_csv": "/journal.csv",
    "cards": "/cards",
    "card": "/cards/{number}",
    "card_history": "/cards/{number}/history",
    "card_view": "/cards/{number}/view",
    "card_page": "/cards/{number}/page",
    "card_action": "/cards/{number}/{action}",
    "code": "/codes",
    "static": "/static/{file}",
}
