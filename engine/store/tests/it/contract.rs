//! What every store promises: one list of checks, run on each implementation.

mod queue;
mod records;

macro_rules! on_every_store {
    ($($module:ident: $($check:ident)*;)*) => {
        mod on_memory {
            $($(#[tokio::test(start_paused = true)]
            async fn $check() {
                super::$module::$check(crate::bed::Bed::memory()).await;
            })*)*
        }
        mod on_sled {
            $($(#[tokio::test]
            async fn $check() {
                super::$module::$check(crate::bed::Bed::sled()).await;
            })*)*
        }
    };
}

on_every_store! {
    records:
        a_batch_applies_whole_or_not_at_all
        expectations_hold_or_conflict
        a_requirement_fails_the_batch_and_changes_nothing
        a_record_written_again_has_a_new_version
        operations_see_the_ones_before_them
        scans_page_in_order_and_stay_under_their_prefix
        counters_add_up_and_are_no_records
        limits_are_errors_that_name_them
        what_is_just_within_the_limits_comes_back;
    queue:
        a_lane_runs_in_order_one_at_a_time
        a_job_that_waits_holds_its_lane
        lower_priority_numbers_then_earlier_dues_go_first
        groups_take_turns
        a_group_has_no_more_than_its_share
        a_fold_spares_a_job_that_waits_and_only_that
        an_id_is_unique_while_its_job_is_queued
        a_lease_that_ran_out_can_be_claimed_and_is_lost_then
        a_lease_can_be_extended
        a_lost_lease_applies_nothing_of_its_batch
        retries_count_and_may_bring_a_new_payload
        a_hastened_job_is_due_earlier_and_never_later
        a_job_is_hastened_by_its_fold_and_no_other_is
        a_job_that_steps_behind_lets_its_lane_by
        the_next_due_moment_is_known
        reopening_keeps_everything_but_leases
        jobs_are_listed_in_order;
}
