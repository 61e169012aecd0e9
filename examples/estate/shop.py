"""The shop: an HTTP front and four services that call one another, each its own process.

    front -> catalogue -> cache, and the database when the cache has forgotten
          -> checkout  -> cart   -> cache
                       -> orders -> database

Each waits less long than its caller, as one does, so that a fault arrives as an error and not as silence.
"""
import sys
import time

from web import Failed, arguments, call, serve


def front(state):
    def shop(_):
        products = call(state, "catalogue", "/products", timeout=2.0)
        bought = call(state, "checkout", "/buy", timeout=2.0)
        return {"products": len(products), "order": bought["order"]}
    return {"/shop": shop}


def catalogue(state):
    def products(_):
        known = call(state, "cache", "/get", 0.5, {"key": "products"})["value"]
        if known is None:
            known = call(state, "database", "/products", timeout=1.0)
            call(state, "cache", "/put", 0.5, {"key": "products", "value": known, "seconds": 300})
        return known
    return {"/products": products}


def checkout(state):
    def buy(_):
        content = call(state, "cart", "/content", timeout=1.0)
        if not content:
            raise Failed(409, "the cart is empty")
        return call(state, "orders", "/place", 1.5, {"products": content})
    return {"/buy": buy}


def cart(state):
    def content(_):
        call(state, "cache", "/put", 0.5, {"key": "cart", "value": ["lamp", "moon"], "seconds": 60})
        return call(state, "cache", "/get", 0.5, {"key": "cart"})["value"]
    return {"/content": content}


def orders(state):
    def place(body):
        wanted = (body or {"products": ["lamp"]})["products"]
        return call(state, "database", "/order", 1.0, {"products": wanted, "at": time.time()})
    return {"/place": place}


if __name__ == "__main__":
    options = arguments()
    makers = {maker.__name__: maker for maker in (front, catalogue, checkout, cart, orders)}
    if options.name not in makers:
        sys.exit(f"shop.py: --name: no service \"{options.name}\"; there are {', '.join(makers)}")
    serve(options.state, options.name, makers[options.name](options.state))
