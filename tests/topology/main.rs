//! What is made of real machines, of odd ones, and of broken ones.

mod broken;
mod groups;
mod odd;
mod real;
mod tree;
