"""The one table of who may do what holds for all that there is."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User

from people.filling import fill_roles
from people.roles import EXPLAINED, TABLE, PersonRole, named_in, permissions_of

pytestmark = pytest.mark.django_db


def names(permissions):
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions}


def all_there_are():
    return names(Permission.objects.select_related("content_type"))


def test_somebody_said_of_each_permission_who_has_it():
    assert all_there_are() - permissions_of(PersonRole.ADMIN) - named_in("nobody") == set()


def test_the_table_names_nothing_that_is_not_there():
    assert permissions_of(PersonRole.ADMIN) | named_in("nobody") == all_there_are()
    assert set(TABLE) == {
        model._meta.label_lower for model in apps.get_models() if not model._meta.proxy
    }


def test_nothing_is_left_to_nobody_that_a_role_has():
    assert permissions_of(PersonRole.ADMIN) & named_in("nobody") == set()


def test_each_role_may_more_than_the_one_before():
    viewer, operator, admin = map(permissions_of, PersonRole)
    assert viewer < operator < admin


def test_a_viewer_changes_nothing_but_his_own_tokens():
    changing = {one for one in permissions_of(PersonRole.VIEWER) if ".view_" not in one}
    assert changing == {
        "devices.export_lists",  # of what he sees
        "backups.download_files",
        "people.add_apitoken",
        "people.delete_apitoken",
    }


def test_only_admins_decide_who_there_is():
    about_people = {one for one in all_there_are() if one.startswith("auth.")}
    assert not about_people & permissions_of(PersonRole.OPERATOR)
    assert "auth.add_user" in permissions_of(PersonRole.ADMIN)


@pytest.mark.parametrize("role", PersonRole)
def test_the_group_of_a_role_may_what_the_table_says(role):
    group = Group.objects.get(name=role)
    assert names(group.permissions.select_related("content_type")) == permissions_of(role)
    assert EXPLAINED[role]


def test_a_migration_mends_a_role_and_leaves_other_groups_alone():
    own, viewer = Group.objects.create(name="lab"), Group.objects.get(name="viewer")
    delete = Permission.objects.get(codename="delete_device")
    own.permissions.add(delete)
    viewer.permissions.set([delete])
    for app in apps.get_app_configs():
        fill_roles(sender=app)
    assert names(viewer.permissions.all()) == permissions_of(PersonRole.VIEWER)
    assert list(own.permissions.all()) == [delete]


def test_whoever_is_in_a_group_may_it(someone):
    operator = User.objects.get(pk=someone("operator").pk)
    assert operator.has_perm("backups.start_run")
    assert not operator.has_perm("backups.change_policy")
