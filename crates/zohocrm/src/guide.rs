// `tests/guide` runs the examples. Here they are no tests of their own: a reader would see what a test needs besides.
#![cfg_attr(not(doctest), doc = include_str!("guide.md"))]
