"""The synthetic support chats: eight intents, with names, cities and numbers from Faker. No real person or text is in them.

    python support_chats.py

Needs faker (0.9.3 made the file that is here). Writes data/train-32000.jsonl.gz: 400 chats with each of 80 seeds, so that the cities are many, and none of them is in data/eval.jsonl.
"""
import gzip, json, pathlib, random
from faker import Faker

PRODUCTS = "kettle,blender,desk lamp,headphones,keyboard,office chair,backpack,camera,phone case,coffee grinder,air fryer,running shoes,rain jacket,monitor,toaster,tent,guitar,bicycle pump,smart watch,bookshelf".split(",")
# intent: (user templates, assistant templates). Replies copy what the prompt alone knows: the name, the product, the order, the city.
INTENTS = {
    "late": (["Hi, I'm {first} {last}. My {product} from order {order} was due on {date} and has not arrived in {city}.", "Where is my {product}? Order {order}, for {first} {last} in {city}. It should have come on {date}.", "{first} {last} here, {city}. Order {order} is late, I am still waiting for the {product}."],
             ["Hello {first}, I am sorry that your {product} is late. I have asked the carrier in {city} about order {order}."]),
    "refund": (["I want my money back for the {product} in order {order}. My name is {first} {last}, card ending {card}.", "Please refund the {product}. {first} {last}, order {order}, paid with card {card}.", "Hello, {first} {last}. I returned the {product} from order {order} on {date}. When do I get the refund to card {card}?"],
               ["Hello {first}, the refund for the {product} in order {order} goes to your card ending {card} within five days."]),
    "broken": (["The {product} I bought is broken. Order {order}. I am {first} {last}, call me at {phone}.", "My {product} stopped working on {date}. {first} {last}, order {order}, phone {phone}.", "{first} {last} writing. The {product} from order {order} arrived damaged in {city}."],
               ["Hello {first}, I am sorry about the {product}. A new one for order {order} leaves our warehouse today."]),
    "address": (["I moved to {city}. Please send order {order} there. {first} {last}.", "{first} {last} here. Can you change the address of order {order} to {city}?", "Please ship my {product}, order {order}, to {city} instead. Name: {first} {last}, mail {email}."],
                ["Hello {first}, order {order} will now be sent to {city}."]),
    "password": (["I can not log in. My mail is {email} and my name is {first} {last}.", "Please reset my password. {first} {last}, {email}, phone {phone}.", "{first} {last} here, locked out of my account {email} since {date}."],
                 ["Hello {first}, I have sent a link for a new password to {email}."]),
    "cancel": (["Please cancel order {order}. I do not need the {product} any more. {first} {last}.", "{first} {last}: cancel the {product} in order {order}, please.", "I ordered a {product} by mistake on {date}. Order {order}, {first} {last}, {email}."],
               ["Hello {first}, order {order} is cancelled and the {product} will not be sent."]),
    "invoice": (["I need the invoice of order {order} for {first} {last}, {city}.", "Could you mail the invoice for my {product}? Order {order}, {first} {last}, {email}.", "{first} {last} here. The invoice for order {order} of {date} is missing."],
                ["Hello {first}, the invoice of order {order} is on its way to your mail box."]),
    "appointment": (["Can a technician in {city} look at my {product} on {date}? {first} {last}, {phone}.", "I would like to book a repair for the {product}. {first} {last}, {city}, {phone}.", "{first} {last} from {city}: my {product} needs a repair, is {date} free?"],
                    ["Hello {first}, a technician in {city} will call you about the {product}."]),
}

def chats(count, seed, excluded=frozenset()):
    fake = Faker("en_US"); rng = random.Random(seed)
    (Faker.seed if hasattr(Faker, "seed") else fake.seed)(seed)
    cities = sorted({fake.city() for _ in range(120)} - excluded)
    for _ in range(count):
        intent = rng.choice(list(INTENTS)); users, replies = INTENTS[intent]
        first, last = fake.first_name(), fake.last_name()
        slot = dict(first=first, last=last, city=rng.choice(cities), product=rng.choice(PRODUCTS), order=str(rng.randint(10000, 99999)), card=str(rng.randint(1000, 9999)),
                    date=fake.date_this_decade().strftime("%d %B"), phone=fake.numerify("555-####"), email=f"{first}.{last}@example.com".lower())
        user, reply = rng.choice(users), rng.choice(replies)
        used = [k for k in slot if "{" + k + "}" in user]
        reply_ok = all(k in used for k in slot if "{" + k + "}" in reply)
        if not reply_ok:  # a reply may only repeat what the prompt says
            reply = "Hello {first}, thank you. We are looking into it and will write to you."
        yield dict(intent=intent, messages=[dict(role="user", content=user.format(**slot)), dict(role="assistant", content=reply.format(**slot))], slots={k: slot[k] for k in used})

def main():
    data = pathlib.Path(__file__).parent / "data"
    held_out = frozenset(json.loads(line)["slots"].get("city") for line in open(data / "eval.jsonl"))
    rows = [row for seed in range(101, 181) for row in chats(400, seed, held_out)]
    random.Random(0).shuffle(rows)
    with gzip.GzipFile(data / "train-32000.jsonl.gz", "wb", mtime=0) as f:
        for row in rows: f.write((json.dumps(row, ensure_ascii=False) + "\n").encode())

if __name__ == "__main__":
    main()
