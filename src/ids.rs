//! A type for each id, so that they cannot be swapped.
//!
//! `WorkerId` counts the workers of one engine from 0; `CpuId` is the kernel's number of a
//! logical CPU, which may have holes; `SensorId` is given out by [`crate::names::SensorNames`]
//! in the order in which sensors are first seen.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord,
                 serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// The id as an index into a table that has one row an id.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A worker of the engine, counted from 0.
    WorkerId
);
id!(
    /// A logical CPU, by the kernel's number.
    CpuId
);
id!(
    /// A sensor, by the order of its first appearance in this run.
    SensorId
);
