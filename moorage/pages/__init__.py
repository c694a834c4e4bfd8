"""Server-rendered pages: one file a family of pages, templates and the stylesheet beside them. No script is needed."""
