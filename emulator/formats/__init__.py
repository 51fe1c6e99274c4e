"""How Django writes moments in pages. No code of ours imports it: FORMAT_MODULE_PATH names it."""
