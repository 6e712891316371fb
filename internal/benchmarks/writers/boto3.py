"""Writes rows by boto3's batch_writer, and prints what that took: python3 boto3.py URL TABLE ROWS"""
import datetime, decimal, json, resource, sys, time

import boto3

url, table, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
target = boto3.resource(
    "dynamodb", endpoint_url=url, region_name="eu-west-1", aws_access_key_id="local", aws_secret_access_key="local"
).Table(table)
created = datetime.datetime(2026, 3, 4, 5, 6, 7, 891000, datetime.timezone.utc)
score = decimal.Decimal("0.8731")


def rows(n):
    return [
        {
            "user_id": "user-%010d" % i, "email": "somebody@example.com", "name": "Some Body", "age": 42, "score": score,
            "active": True, "created_at": created, "visits": 1234567, "country": "DE", "segment": None,
        }
        for i in range(n)
    ]


def write(rows):
    with target.batch_writer() as batch:
        for row in rows:
            batch.put_item(Item={**row, "created_at": row["created_at"].isoformat()})


write(rows(100))  # the first request loads what boto3 needs
measured = rows(count)
before, begin = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
write(measured)
after, seconds = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - begin
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"seconds": seconds, "cpu": cpu, "version": boto3.__version__}))
