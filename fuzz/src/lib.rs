//! Fuzz targets as plain functions, and the replay of their corpora.

#![forbid(unsafe_code)]
