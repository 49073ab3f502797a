"""Pages the agent serves to the browser beside it: the till page for a cashier and the pages for store IT."""
