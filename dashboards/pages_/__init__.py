"""One file per page; `PAGES` by the name in the address: title, icon, and the module, loaded when it is first shown."""

PAGES = {
    "now": ("Now", ":material/monitoring:", "now"),
    "recommendation": ("Recommendation", ":material/recommend:", "recommendation"),
    "what-if": ("What if", ":material/science:", "what_if"),
    "savings": ("Savings", ":material/savings:", "savings"),
    "models": ("Models", ":material/model_training:", "models"),
    "data": ("Data", ":material/database:", "data"),
    "modes": ("Trials and modes", ":material/tune:", "modes"),
    "alarms": ("Alarms", ":material/notifications:", "alarms"),
    "fleet": ("Fleet", ":material/public:", "fleet"),
}
