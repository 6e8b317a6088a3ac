"""The families of operations without `await`: each method is the client's own, with its parameters and result."""

from __future__ import annotations

from litmos_async.sync import _async
from litmos_async.sync.portal import Family, call, job, pages, walk


class Users(Family[_async.Users]):
    """People, their teams, and what they learn."""

    add_to_teams = call(_async.Users.add_to_teams)
    assign_courses = call(_async.Users.assign_courses)
    assign_learning_paths = call(_async.Users.assign_learning_paths)
    create = call(_async.Users.create)
    deactivate = call(_async.Users.deactivate)
    delete = call(_async.Users.delete)
    gamification_details = pages(_async.Users.gamification_details)
    gamification_summary = call(_async.Users.gamification_summary)
    get = call(_async.Users.get)
    get_course = call(_async.Users.get_course)
    get_custom_fields = call(_async.Users.get_custom_fields)
    list = pages(_async.Users.list)
    list_badges = pages(_async.Users.list_badges)
    list_courses = pages(_async.Users.list_courses)
    list_courses_for_many = call(_async.Users.list_courses_for_many)
    list_details = pages(_async.Users.list_details)
    list_learning_paths = pages(_async.Users.list_learning_paths)
    list_paginated = pages(_async.Users.list_paginated)
    list_teams = pages(_async.Users.list_teams)
    patch = call(_async.Users.patch)
    remove_course = call(_async.Users.remove_course)
    remove_from_all_teams = call(_async.Users.remove_from_all_teams)
    remove_learning_path = call(_async.Users.remove_learning_path)
    reset_course = call(_async.Users.reset_course)
    reset_gamification = call(_async.Users.reset_gamification)
    set_custom_fields = call(_async.Users.set_custom_fields)
    update = call(_async.Users.update)


class Teams(Family[_async.Teams]):
    """Teams, who belongs to them, and what they learn."""

    add_users = call(_async.Teams.add_users)
    assign_courses = call(_async.Teams.assign_courses)
    assign_learning_paths = call(_async.Teams.assign_learning_paths)
    create = call(_async.Teams.create)
    create_sub_team = call(_async.Teams.create_sub_team)
    delete = call(_async.Teams.delete)
    demote_admin = call(_async.Teams.demote_admin)
    demote_leader = call(_async.Teams.demote_leader)
    gamification_details = pages(_async.Teams.gamification_details)
    get = call(_async.Teams.get)
    list = pages(_async.Teams.list)
    list_admins = pages(_async.Teams.list_admins)
    list_courses = pages(_async.Teams.list_courses)
    list_leaders = pages(_async.Teams.list_leaders)
    list_learning_paths = pages(_async.Teams.list_learning_paths)
    list_sub_teams = pages(_async.Teams.list_sub_teams)
    list_users = pages(_async.Teams.list_users)
    promote_admin = call(_async.Teams.promote_admin)
    promote_leader = call(_async.Teams.promote_leader)
    remove_user = call(_async.Teams.remove_user)
    unassign_courses = call(_async.Teams.unassign_courses)
    unassign_learning_paths = call(_async.Teams.unassign_learning_paths)
    update = call(_async.Teams.update)


class Courses(Family[_async.Courses]):
    """Courses: what they are made of, and who takes them. To create or change one see `bulk_imports`."""

    copy_modules = call(_async.Courses.copy_modules)
    delete = call(_async.Courses.delete)
    get = call(_async.Courses.get)
    get_custom_fields = call(_async.Courses.get_custom_fields)
    get_details = call(_async.Courses.get_details)
    link_modules = call(_async.Courses.link_modules)
    list = pages(_async.Courses.list)
    list_modules = pages(_async.Courses.list_modules)
    list_users = pages(_async.Courses.list_users)
    mirror_modules = call(_async.Courses.mirror_modules)
    remove_module = call(_async.Courses.remove_module)


class CourseCustomFields(Family[_async.CourseCustomFields]):
    """What custom fields courses have. Their values in one course: `courses.get_custom_fields`."""

    get = call(_async.CourseCustomFields.get)
    list = call(_async.CourseCustomFields.list)


class Modules(Family[_async.Modules]):
    """E-learning modules. To put them into courses see `courses.copy_modules`, `link_modules`, `mirror_modules`."""

    create = call(_async.Modules.create)
    delete = call(_async.Modules.delete)
    get = call(_async.Modules.get)
    update = call(_async.Modules.update)


class LearningPaths(Family[_async.LearningPaths]):
    """Learning paths. To assign them see `users.assign_learning_paths` and `teams.assign_learning_paths`."""

    delete = call(_async.LearningPaths.delete)
    get = call(_async.LearningPaths.get)
    list = pages(_async.LearningPaths.list)
    list_courses = pages(_async.LearningPaths.list_courses)
    list_users = pages(_async.LearningPaths.list_users)


class IltModules(Family[_async.IltModules]):
    """Instructor-led modules of courses. Their sessions have a family of their own: `sessions`."""

    create = call(_async.IltModules.create)
    delete = call(_async.IltModules.delete)
    list = pages(_async.IltModules.list)
    list_registrations = pages(_async.IltModules.list_registrations)
    update = call(_async.IltModules.update)


class Sessions(Family[_async.Sessions]):
    """Sessions of instructor-led modules, and the people in them."""

    create = call(_async.Sessions.create)
    delete = call(_async.Sessions.delete)
    get = call(_async.Sessions.get)
    list = pages(_async.Sessions.list)
    list_attendance = pages(_async.Sessions.list_attendance)
    list_future = pages(_async.Sessions.list_future)
    list_past = pages(_async.Sessions.list_past)
    list_roll_call = pages(_async.Sessions.list_roll_call)
    mark_attendance = call(_async.Sessions.mark_attendance)
    mark_attendance_many = call(_async.Sessions.mark_attendance_many)
    mark_roll_call = call(_async.Sessions.mark_roll_call)
    register_user = call(_async.Sessions.register_user)
    register_users = call(_async.Sessions.register_users)
    update = call(_async.Sessions.update)


class Instructors(Family[_async.Instructors]):
    """The people who can lead sessions."""

    list = pages(_async.Instructors.list)
    list_sessions = pages(_async.Instructors.list_sessions)


class Locations(Family[_async.Locations]):
    """The places where sessions are held."""

    list = pages(_async.Locations.list)


class Results(Family[_async.Results]):
    """Results of courses and modules."""

    complete_module = call(_async.Results.complete_module)
    list_details = pages(_async.Results.list_details)


class Achievements(Family[_async.Achievements]):
    """What people achieved."""

    list = pages(_async.Achievements.list)


class Org(Family[_async.Org]):
    """What changed in the organisation between two times."""

    list_achievements = pages(_async.Org.list_achievements)
    list_course_modules = pages(_async.Org.list_course_modules)
    list_course_results = pages(_async.Org.list_course_results)
    list_courses = pages(_async.Org.list_courses)
    list_ecommerce_courses = pages(_async.Org.list_ecommerce_courses)
    list_ecommerce_learning_paths = pages(_async.Org.list_ecommerce_learning_paths)
    list_ecommerce_sessions = pages(_async.Org.list_ecommerce_sessions)
    list_learning_path_courses = pages(_async.Org.list_learning_path_courses)
    list_learning_path_results = pages(_async.Org.list_learning_path_results)
    list_learning_path_users = pages(_async.Org.list_learning_path_users)
    list_learning_paths = pages(_async.Org.list_learning_paths)
    list_module_results = pages(_async.Org.list_module_results)
    list_modules = pages(_async.Org.list_modules)
    list_team_courses = pages(_async.Org.list_team_courses)
    list_team_learning_paths = pages(_async.Org.list_team_learning_paths)
    list_team_users = pages(_async.Org.list_team_users)
    list_teams = pages(_async.Org.list_teams)
    list_user_courses = pages(_async.Org.list_user_courses)
    list_user_logins = pages(_async.Org.list_user_logins)
    list_users = pages(_async.Org.list_users)


class Activities(Family[_async.Activities]):
    """Rows of the activity logs between two times."""

    list_actions = pages(_async.Activities.list_actions)
    list_assignments = pages(_async.Activities.list_assignments)
    list_content = pages(_async.Activities.list_content)
    list_logins = pages(_async.Activities.list_logins)
    list_settings = pages(_async.Activities.list_settings)


class BulkImports(Family[_async.BulkImports]):
    """Jobs of the server that create or change many people or courses."""

    create_courses = call(_async.BulkImports.create_courses)
    create_users = call(_async.BulkImports.create_users)
    get = call(_async.BulkImports.get)
    list = pages(_async.BulkImports.list)
    list_user_errors = pages(_async.BulkImports.list_user_errors)


class Tokens(Family[_async.Tokens]):
    """Tokens for self-signup. All answer `Forbidden` where the account does not have the feature."""

    create = call(_async.Tokens.create)
    get = call(_async.Tokens.get)
    list = pages(_async.Tokens.list)
    update = call(_async.Tokens.update)


class Collections(Family[_async.Collections]):
    """Collections. All answer `Forbidden` where the account does not have the feature."""

    add_courses = call(_async.Collections.add_courses)
    add_learning_paths = call(_async.Collections.add_learning_paths)
    create = call(_async.Collections.create)
    delete = call(_async.Collections.delete)
    list = pages(_async.Collections.list)
    remove_course = call(_async.Collections.remove_course)
    remove_learning_path = call(_async.Collections.remove_learning_path)


class CollectionListings(Family[_async.CollectionListings]):
    """Listings: who sees a collection, and how long."""

    add_team = call(_async.CollectionListings.add_team)
    add_users = call(_async.CollectionListings.add_users)
    create = call(_async.CollectionListings.create)
    delete = call(_async.CollectionListings.delete)
    list = pages(_async.CollectionListings.list)
    list_teams = pages(_async.CollectionListings.list_teams)
    list_users = pages(_async.CollectionListings.list_users)
    remove_team = call(_async.CollectionListings.remove_team)
    remove_user = call(_async.CollectionListings.remove_user)


class Xapi(Family[_async.Xapi]):
    """Statements of the learning record store: what came from outside, not from courses played in Litmos."""

    add_statement = call(_async.Xapi.add_statement)
    get_statement = call(_async.Xapi.get_statement)
    list_statements = pages(_async.Xapi.list_statements)
    update_statement = call(_async.Xapi.update_statement)


class Sso(Family[_async.Sso]):
    """Recipes for single sign-on."""

    course_login_url = call(_async.Sso.course_login_url)
    find_user_id = call(_async.Sso.find_user_id)
    get_login_key = call(_async.Sso.get_login_key)


class Bulk(Family[_async.Bulk]):
    """Jobs over many items, in the bulk lane: calls of the interactive lane go before them."""

    add_users_to_teams = job(_async.Bulk.add_users_to_teams)
    assign_courses_to_teams = job(_async.Bulk.assign_courses_to_teams)
    assign_courses_to_users = job(_async.Bulk.assign_courses_to_users)
    assign_learning_paths_to_teams = job(_async.Bulk.assign_learning_paths_to_teams)
    assign_learning_paths_to_users = job(_async.Bulk.assign_learning_paths_to_users)
    complete_modules = job(_async.Bulk.complete_modules)
    deactivate_users = job(_async.Bulk.deactivate_users)
    import_users = job(_async.Bulk.import_users)
    remove_courses_from_teams = job(_async.Bulk.remove_courses_from_teams)
    remove_courses_from_users = job(_async.Bulk.remove_courses_from_users)
    remove_learning_paths_from_teams = job(_async.Bulk.remove_learning_paths_from_teams)
    remove_learning_paths_from_users = job(_async.Bulk.remove_learning_paths_from_users)
    remove_users_from_all_teams = job(_async.Bulk.remove_users_from_all_teams)
    remove_users_from_teams = job(_async.Bulk.remove_users_from_teams)
    resolve_courses = call(_async.Bulk.resolve_courses)
    resolve_learning_paths = call(_async.Bulk.resolve_learning_paths)
    resolve_teams = call(_async.Bulk.resolve_teams)
    resolve_users = call(_async.Bulk.resolve_users)
    sync_team_members = job(_async.Bulk.sync_team_members)
    sync_users = job(_async.Bulk.sync_users)


class Export(Family[_async.Export]):
    """Lists into files, complete and within the quota."""

    batches = walk(_async.Export.batches)
    # mypy takes `self` for one of its `**options`.
    plan = call(_async.Export.plan)  # type: ignore[arg-type]
    run = call(_async.Export.run)


class Reports(Family[_async.Reports]):
    """Who has completed what, who is overdue, and how far teams are."""

    make = call(_async.Reports.make)
