"""Stories: the same seed tells the same, and no story meets another."""

from collections import Counter

from tests.conftest import CORPUS_CLOCK
from tests.faults.stories import EXPIRED, scripts, tell

POSTS = 300


def test_the_same_seed_tells_the_same_stories() -> None:
    assert tell(7, CORPUS_CLOCK, POSTS) == tell(7, CORPUS_CLOCK, POSTS)
    assert tell(7, CORPUS_CLOCK, POSTS).bodies != tell(8, CORPUS_CLOCK, POSTS).bodies


def test_no_two_stories_share_a_post_or_a_person() -> None:
    stories = tell(1, CORPUS_CLOCK, POSTS)
    posts = Counter(xid for story in stories.played for xid in story.posts)
    people = Counter(person["x_user_id"] for story in stories.played for person in story.people)

    assert set(posts.values()) == set(people.values()) == {1}
    assert sum(len(story.bodies) for story in stories.played) >= POSTS
    assert set(stories.bodies) == {body for story in stories.played for body in story.bodies}


def test_every_script_is_told_and_all_kinds_of_outcomes_are_among_them() -> None:
    told = {story.name for story in tell(1, CORPUS_CLOCK, POSTS).played}
    endings = {
        (each.status, each.failure)
        for script in scripts()
        for permitted in script.endings
        for each in permitted
    }
    misuse = {reason for script in scripts() for _, reason in script.misuse}

    assert told == {script.name for script in scripts()}
    statuses = {status for status, _ in endings}
    assert statuses >= {"ADDED", "HANDED_OFF", "FAILED", "WITHDRAWN", *EXPIRED}
    assert len({failure for _, failure in endings if failure}) >= 10
    assert misuse == {"NEAR_MISS", "NO_LINK", "REPOST_WITH_TAG"}
