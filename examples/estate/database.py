"""The database: a real SQLite file behind a small HTTP server.

Each request opens the file, waits for its lock as long as BUSY_SECONDS, and gives up with the words
that SQLite itself uses. Whoever holds the lock for longer (see lock.py) breaks it for real.
"""
import json
import sqlite3

from web import Failed, arguments, serve

BUSY_SECONDS = 3.0
ORDERS_KEPT = 1000


def main():
    options = arguments()
    file = options.state / "shop.db"

    def run(work):
        connection = sqlite3.connect(file, timeout=BUSY_SECONDS)
        try:
            with connection:  # commits, or rolls back
                connection.execute("PRAGMA synchronous = OFF")  # a toy shop leaves your disk alone
                return work(connection)
        except sqlite3.OperationalError as error:
            raise Failed(503, str(error)) from error
        finally:
            connection.close()

    def create(db):
        db.execute("CREATE TABLE IF NOT EXISTS products (name TEXT PRIMARY KEY, cents INTEGER)")
        db.execute("CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, at REAL, products TEXT)")
        db.executemany("INSERT OR IGNORE INTO products VALUES (?, ?)",
                       [("lamp", 4900), ("moon", 120000), ("owl", 8900), ("night cap", 1500)])

    def products(_):
        return run(lambda db: db.execute("SELECT name, cents FROM products ORDER BY name").fetchall())

    def order(body):
        def insert(db):
            number = db.execute("INSERT INTO orders (at, products) VALUES (?, ?)",
                                (body["at"], json.dumps(body["products"]))).lastrowid
            db.execute("DELETE FROM orders WHERE id <= ?", (number - ORDERS_KEPT,))
            return {"order": number}
        return run(insert)

    run(create)
    serve(options.state, options.name, {"/products": products, "/order": order})


if __name__ == "__main__":
    main()
