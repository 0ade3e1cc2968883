//! One test for each attempt of the hostile extension. The list of them is the extension's own.

use end_to_end::hostile;

include!("../../hostile/attempts.rs");

macro_rules! tests {
    ($($module:ident: { $($name:ident,)+ },)+) => {
        $(mod $module {
            $(#[tokio::test(start_paused = true)]
            async fn $name() {
                end_to_end::hostile::attempt(stringify!($name)).await;
            })+
        })+

        /// Every name of the list.
        const NAMES: &[&str] = &[$($(stringify!($name),)+)+];
    };
}

attempts!(tests);

#[test]
fn every_row_of_the_table_is_an_attempt_and_there_is_one_for_each() {
    let rows: Vec<&str> = hostile::attempts().iter().map(|row| row.name).collect();
    assert_eq!(rows, NAMES);
}
