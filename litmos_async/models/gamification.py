"""Badges and points."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class GamificationSummary(Record):
    """Badges and points of a person in total.

    Attributes:
        total_point_earned: Decimal(15,2).
    """

    xml_element = "GamificationAchievementSummary"
    key = ()

    total_badge_earned: int | None = field(default=None, metadata=wire(aliases=("TotalBadgesEarned",)))
    total_point_earned: float | None = field(default=None, metadata=wire(aliases=("TotalPointsEarned",)))


@define(kw_only=True, repr=False)
class Badge(Record):
    """A badge that a person earned.

    Attributes:
        id: At most 50 characters; capital D.
        title: At most 500 characters.
        icon: Signed URL: it expires, and & comes as an entity.
        icon_bg_color: At most 500 characters.
        icon_display_url: On some pages only.
    """

    xml_element = "Badge"
    key = ()

    id: str = field(default="", metadata=wire("ID", aliases=("Id",)))
    title: str | None = None
    description: str | None = None
    icon: str | None = None
    icon_bg_color: str | None = field(default=None, metadata=wire(aliases=("IconBadgeColor",)))
    icon_display_url: str | None = None


@define(kw_only=True, repr=False)
class GamificationItem(Record):
    """A part of an achieved learning path or course. Only its id is documented; the rest is in `extra`.

    Attributes:
        id: At most 50 characters.
    """

    id: str = field(default="", metadata=wire("ID"))


@define(kw_only=True, repr=False)
class GamificationAchievedItem(Record):
    """Something that a person achieved, with its points and badge.

    Attributes:
        id: At most 50 characters.
        item_id: At most 50 characters.
        item_name: At most 500 characters.
        earned_badge_id: At most 50 characters.
        gamification_learning_path_item_list: XML item GamificationLearningPathItem.
        gamification_course_item_list: XML item GamificationCourseItem by analogy.
    """

    xml_element = "GamificationAchievedItem"
    key = ("id", "item_id", "date_completed")

    id: str = field(default="", metadata=wire("ID"))
    item_id: str | None = field(default=None, metadata=wire("ItemID"))
    item_name: str | None = None
    earned_point: float | None = None
    earned_badge_id: str | None = field(default=None, metadata=wire("EarnedBadgeID"))
    date_completed: datetime | None = None
    badge: Badge | None = None
    gamification_learning_path_item_list: list[GamificationItem] = field(
        factory=list, metadata=wire(item="GamificationLearningPathItem")
    )
    gamification_course_item_list: list[GamificationItem] = field(
        factory=list, metadata=wire(item="GamificationCourseItem")
    )


@define(kw_only=True, repr=False)
class TeamGamification(Record):
    """What one member of a team achieved.

    Attributes:
        id: The user.
    """

    id: str = ""
    first_name: str | None = None
    last_name: str | None = None
    gamification_achieved_items: list[GamificationAchievedItem] = field(factory=list)
