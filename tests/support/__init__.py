"""What tests of several rooms share: a file for each subject."""
