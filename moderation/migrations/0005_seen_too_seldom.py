from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0004_which_words_were_decided'),
    ]

    operations = [
        migrations.AlterField(
            model_name='ratealarm',
            name='kind',
            field=models.CharField(choices=[('many', 'many'), ('few', 'few'), ('none', 'none')], max_length=8),
        ),
    ]
