"""Pages of headquarters: server-rendered, in ru, kk and en; all works without JavaScript and internet."""
