// Small comforts of the pages beside the queue. Everything works without them.
