//! Reads and checks connector, family, pipeline and script files; gives typed values, or problems with their places.
