"""What people have of what there is to learn: their assignments, and how far they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from attrs import evolve

from litmos_async.sandbox.state.courses import Courses
from litmos_async.sandbox.state.ids import Ids
from litmos_async.sandbox.state.links import (
    DIRECT,
    Assignment,
    Completion,
    Link,
    Links,
    ModuleResult,
    new_link,
)
from litmos_async.sandbox.wire.schema import Record


class Learning(Courses):
    """The assignments of people and teams and the progress of people, on top of what there is to learn.

    Attributes:
        user_courses: Assignments of courses to people.
        user_paths: Assignments of learning paths to people.
        team_courses: Courses assigned to teams.
        team_library: Courses that teams have in their library only.
        team_paths: Learning paths assigned to teams.
        completions: Courses and learning paths that people were through with, oldest first.
        achieved: Badges and points by the id of the person, as rows of `GamificationAchievedItem`.
    """

    def __init__(self, now: Callable[[], datetime], ids: Ids) -> None:
        super().__init__(now, ids)
        self.user_courses: Links[Assignment] = Links(self._assignment)
        self.user_paths: Links[Assignment] = Links(self._assignment)
        self.team_courses: Links[Link] = Links(new_link)
        self.team_library: Links[Link] = Links(new_link)
        self.team_paths: Links[Link] = Links(new_link)
        self.completions: list[Completion] = []
        self.achieved: dict[str, list[Record]] = {}

    # What is deleted

    def delete_course(self, course_id: str) -> None:
        """Delete a course and take it from everyone and everything that has it.

        Args:
            course_id: Id of the course.
        """
        now = self.now()
        path_ids = self.path_courses.of_right(course_id)
        for links in (self.user_courses, self.team_courses, self.team_library):
            links.remove_all(course_id, now)
        super().delete_course(course_id)
        for path_id in path_ids:
            # A path that changes is computed anew for those who are not through with it (api-facts 15).
            for user_id, assignment in self.user_paths.of_right(path_id).items():
                if assignment.completed is None:
                    self._follow_path(user_id, path_id)

    def delete_learning_path(self, path_id: str) -> None:
        """Delete a learning path; what people have through it alone goes with it.

        Args:
            path_id: Id of the learning path.
        """
        for user_id, assignment in self.user_paths.of_right(path_id).items():
            for origin in list(assignment.origins):
                self.withdraw_path(user_id, path_id, origin)
        self.team_paths.remove_all(path_id, self.now())
        super().delete_learning_path(path_id)

    # Assignments

    def assign_course(self, user_id: str, course_id: str, origin: str = DIRECT) -> bool:
        """Assign a course to a person; True if it is new to them.

        Args:
            user_id: Id of the person.
            course_id: Id of the course.
            origin: Id of the team or learning path that it comes through; empty for neither.
        """
        new = self._assign(self.user_courses, user_id, course_id, origin)
        if new:
            self._count_linked(user_id, course_id)
        return new

    def withdraw_course(self, user_id: str, course_id: str, origin: str = DIRECT) -> None:
        """Take back an assignment; the person keeps the course as long as another origin stands.

        Args:
            user_id: Id of the person.
            course_id: Id of the course.
            origin: Id of the team or learning path that it comes through; empty for neither.
        """
        self._withdraw(self.user_courses, user_id, course_id, origin)

    def assign_path(self, user_id: str, path_id: str, origin: str = DIRECT) -> bool:
        """Assign a learning path and its courses to a person; True if it is new to them.

        Args:
            user_id: Id of the person.
            path_id: Id of the learning path.
            origin: Id of the team or learning path that it comes through; empty for neither.
        """
        for course_id in self.path_courses.of_left(path_id):
            self.assign_course(user_id, course_id, path_id)
        new = self._assign(self.user_paths, user_id, path_id, origin)
        if new:
            self._follow_path(user_id, path_id)
        return new

    def withdraw_path(self, user_id: str, path_id: str, origin: str = DIRECT) -> None:
        """Take back a learning path and, when no other origin stands, the courses that came with it.

        Args:
            user_id: Id of the person.
            path_id: Id of the learning path.
            origin: Id of the team or learning path that it comes through; empty for neither.
        """
        if self._withdraw(self.user_paths, user_id, path_id, origin):
            for course_id in self.path_courses.of_left(path_id):
                self.withdraw_course(user_id, course_id, path_id)

    def _assign(self, links: Links[Assignment], user_id: str, other: str, origin: str) -> bool:
        assignment, new = links.add(user_id, other, self.now())
        assignment.origins.add(origin)
        if new:
            self.audit.note("assignments", "Assigned", other, user_id)
        return new

    def _withdraw(self, links: Links[Assignment], user_id: str, other: str, origin: str) -> bool:
        assignment = links.get(user_id, other)
        if assignment is None:
            return False
        assignment.origins.discard(origin)
        if assignment.origins:
            return False
        self.audit.note("assignments", "Unassigned", other, user_id)
        return links.remove(user_id, other, self.now())

    # Progress

    def set_progress(self, user_id: str, course_id: str, percentage: float) -> None:
        """Set how far a person has come in an assigned course; 100 completes it and its modules.

        Args:
            user_id: Id of the person.
            course_id: Id of the course.
            percentage: How far, 0 to 100.
        """
        for module_id in self.course_modules.of_left(course_id):
            self.set_module_result(user_id, course_id, module_id, percentage, completed=percentage >= 100)
        self._progress(user_id, course_id, percentage)

    def set_module_result(
        self,
        user_id: str,
        course_id: str,
        module_id: str,
        score: float,
        *,
        completed: bool,
        at: datetime | None = None,
    ) -> None:
        """Set the result of a person in a module of an assigned course; the course follows its modules.

        A module that is linked into several courses counts in each of them that the person has (api-facts 15).

        Args:
            user_id: Id of the person.
            course_id: Id of the course.
            module_id: Id of the module.
            score: The score, 0 to 100.
            completed: Whether the module is completed.
            at: When that was; None is now.
        """
        now = self.now()
        result = ModuleResult(score=score, completed=completed, created=now, updated=now, reached=at or now)
        for each in (course_id, *self._linked(user_id, course_id, module_id)):
            self._count(user_id, each, module_id, result)

    def _linked(self, user_id: str, course_id: str, module_id: str) -> list[str]:
        """Return the other courses of a person that have this module."""
        courses = self.course_modules.of_right(module_id).keys() - {course_id}
        return [each for each in sorted(courses) if self.user_courses.get(user_id, each)]

    def _count_linked(self, user_id: str, course_id: str) -> None:
        """Let what a person has done in other courses count in a new one."""
        for module_id in self.course_modules.of_left(course_id):
            for other in self._linked(user_id, course_id, module_id)[:1]:
                if done := self._assigned(user_id, other).modules.get(module_id):
                    self._count(user_id, course_id, module_id, done)

    def _count(self, user_id: str, course_id: str, module_id: str, result: ModuleResult) -> None:
        results = self._assigned(user_id, course_id).modules
        old = results.get(module_id)
        if old is None:
            old = evolve(result, result_id=str(self.ids.number("result")), created=self.now(), attempt=0)
        results[module_id] = evolve(
            result, result_id=old.result_id, created=old.created, updated=self.now(), attempt=old.attempt + 1
        )
        modules = self.course_modules.of_left(course_id)
        finished = sum(results[each].completed for each in modules if each in results)
        self._progress(user_id, course_id, round(100 * finished / len(modules), 2))

    def _progress(self, user_id: str, course_id: str, percentage: float) -> None:
        assignment, now = self._assigned(user_id, course_id), self.now()
        assignment.percentage = percentage
        assignment.started = assignment.started or now
        assignment.updated = now
        newly_completed = percentage >= 100 and assignment.completed is None
        assignment.completed = (assignment.completed or now) if percentage >= 100 else None
        if newly_completed:
            scores = [result.score for result in assignment.modules.values()]
            mean = round(sum(scores) / len(scores)) if scores else None
            self._complete(user_id, course_id, self.courses[course_id]["Name"], mean)
        for path_id in self.user_paths.of_left(user_id):
            if self.path_courses.get(path_id, course_id):
                self._follow_path(user_id, path_id)

    def _follow_path(self, user_id: str, path_id: str) -> None:
        """Bring the assignment of a path up to its courses: begun with the first, done with the last."""
        assignment, now = self.user_paths.of_left(user_id)[path_id], self.now()
        if assignment.started is None and any(each.started for each in self._on_path(user_id, path_id)):
            assignment.started = assignment.updated = now
        before, assignment.percentage = assignment.percentage, self.path_percentage(user_id, path_id)
        if assignment.percentage == before:
            return
        assignment.updated = now
        newly_completed = assignment.percentage >= 100
        assignment.completed = now if newly_completed else None
        if newly_completed:
            self._complete(user_id, path_id, self.learning_paths[path_id]["Name"], None)

    def path_percentage(self, user_id: str, path_id: str) -> float:
        """Return how far someone is on a path: completed courses by courses, of which those begun count nothing.

        Args:
            user_id: Id of the person.
            path_id: Id of the learning path.
        """
        courses = len(self.path_courses.of_left(path_id))
        finished = sum(each.completed is not None for each in self._on_path(user_id, path_id))
        return round(100 * finished / courses, 2) if courses else 0.0

    def _on_path(self, user_id: str, path_id: str) -> list[Assignment]:
        found = [self.user_courses.get(user_id, each) for each in self.path_courses.of_left(path_id)]
        return [assignment for assignment in found if assignment]

    def _complete(self, user_id: str, item_id: str, title: str, score: int | None) -> None:
        self.completions.append(
            Completion(
                number=self.ids.number("completion"),
                user_id=user_id,
                item_id=item_id,
                title=title,
                when=self.now(),
                certificate=str(self.ids.number("certificate")),
                score=score,
            )
        )

    def _assigned(self, user_id: str, course_id: str) -> Assignment:
        assignment = self.user_courses.get(user_id, course_id)
        if assignment is None:
            raise KeyError(f"{course_id} is not assigned to {user_id}")
        return assignment

    def reset_course(self, user_id: str, course_id: str) -> bool:
        """Wipe the result of a person in a course; False if it is not assigned.

        Args:
            user_id: Id of the person.
            course_id: Id of the course.
        """
        assignment = self.user_courses.get(user_id, course_id)
        if assignment is None:
            return False
        assignment.percentage, assignment.started, assignment.completed = 0.0, None, None
        assignment.modules.clear()
        assignment.updated = self.now()
        self.audit.note("actions", "Reset", course_id, user_id)
        for path_id in self.user_paths.of_left(user_id):
            self._follow_path(user_id, path_id)
        return True

    def award(self, user_id: str, course_id: str, points: float, badge: str = "") -> Record:
        """Give a person points for a course and, where it has a title, a badge.

        Args:
            user_id: Id of the person.
            course_id: Id of the course.
            points: How many points.
            badge: Title of the badge; empty for none.
        """
        badge_row = {
            "ID": self.ids.short(),
            "Title": badge,
            "Description": "",
            "Icon": "https://cdn.example.com/badges/1.png?Expires=1700000000&Signature=abc",
            "IconBgColor": "#ffffff",
        }
        row: Record = {
            "ID": str(self.ids.number("achievement")),
            "ItemID": course_id,
            "ItemName": self.courses[course_id]["Name"],
            "EarnedPoint": points,
            "EarnedBadgeID": badge_row["ID"] if badge else None,
            "DateCompleted": self.now(),
            "Badge": badge_row if badge else None,
            "GamificationLearningPathItemList": [],
            "GamificationCourseItemList": [],
        }
        self.achieved.setdefault(user_id, []).append(row)
        return row

    def _assignment(self, when: datetime) -> Assignment:
        return Assignment(created=when, updated=when, result_id=str(self.ids.number("result")))
