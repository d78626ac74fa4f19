from django.db import migrations, models


def take_the_words_that_stand(apps, schema_editor):
    """What was decided before stays decided: which words it was about is in the audit only."""
    message = apps.get_model('chat', 'Message').objects.filter(pk=models.OuterRef('message'))
    apps.get_model('moderation', 'Review').objects.filter(status='decided').update(
        decided_revision=models.Subquery(message.values('revision')[:1])
    )


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0003_no_index_twice'),
    ]

    operations = [
        migrations.AddField(
            model_name='review',
            name='decided_revision',
            field=models.PositiveIntegerField(blank=True, help_text='Which words the decision is about.', null=True),
        ),
        migrations.RunPython(take_the_words_that_stand, migrations.RunPython.noop),
    ]
