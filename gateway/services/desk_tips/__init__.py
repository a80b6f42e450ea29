"""The queue of tips for those who read, sort and verify them. Every use case takes the Actor and asks what it may, of the row's commune."""
