//! What one job is about.
