"""The programme and the people in it: brand, templates, customers."""

from datetime import date
from typing import Any, Unpack
from uuid import UUID

import attrs

from stampledger import checks, commands
from stampledger.aggregates import (
    BrandState,
    Customer,
    PublishedTemplate,
    decide_brand,
    decide_customer,
    decide_template,
)
from stampledger.errors import InvalidInput
from stampledger.ledger.base import KEEP, Verbs, wants
from stampledger.lookup import EVERYTHING, named
from stampledger.projections import Entry
from stampledger.refusals import CustomerIsForgotten
from stampledger.store import history
from stampledger.store.session import Scope, StreamKind
from stampledger.values import Brand, CardTemplate, Person
from stampledger.view import CustomerRef, Scan
from stampledger.writer import AHEAD_MAX, Call, Work


class ProgrammeVerbs(Verbs):
    """Verbs about the brand, card templates and customers."""

    # The programme.

    def set_brand(self, brand: Brand, **call: Unpack[Call]) -> Scan:
        """Say how the business shows itself, and in which time zone its days begin."""
        wants(brand, Brand, "brand")

        def body(work: Work) -> UUID | None:
            claimed = work.session.claim(Scope.BRAND, "")
            row = None if claimed is None else work.session.stream_by_number(claimed[0])
            before = None if row is None else work.session.state(row)
            assert before is None or isinstance(before, BrandState)
            brand_id = work.new_id() if row is None else row.id
            told = decide_brand(before, commands.SetBrand(at=work.at(), brand=brand))
            work.record(row, brand_id, StreamKind.BRAND, before, told)
            return brand_id

        return self._do(call, ("set_brand", brand), body)

    def publish_template(self, key: str, template: CardTemplate, **call: Unpack[Call]) -> Scan:
        """Publish a card template under a key: v1, or the next version where the key is known.

        Cards keep the version they were issued under. Publishing what is the newest version already writes nothing.
        """
        checks.text(key, "key")
        wants(template, CardTemplate, "template")

        def body(work: Work) -> UUID | None:
            claimed = work.session.claim(Scope.TEMPLATE, key)
            row = None if claimed is None else work.session.stream_by_number(claimed[0])
            before = None if row is None else work.session.state(row)
            assert before is None or isinstance(before, PublishedTemplate)
            template_id = work.new_id() if row is None else row.id
            told = decide_template(before, commands.PublishTemplate(at=work.at(), key=key, template=template))
            work.record(row, template_id, StreamKind.TEMPLATE, before, told)
            return template_id

        return self._do(call, ("publish_template", key, template), body)

    # Customers.

    def register_customer(
        self,
        *,
        name: str,
        email: str | None = None,
        birthday: date | None = None,
        language: str | None = None,
        reference: str | None = None,
        **call: Unpack[Call],
    ) -> Scan:
        """Register a customer. Give a birthday only with the customer's consent.

        *reference* is the caller's own id of the customer; registering the same one again answers the first result.

        Raises:
            InvalidInput: Something of it is none, or other things are known of the reference's customer.
        """
        person = Person(name=name, email=email, birthday=birthday, language=language, reference=reference)
        self._refuse_unborn(birthday)

        def body(work: Work) -> UUID | None:
            known = None if reference is None else work.session.claim(Scope.REFERENCE, reference)
            if known is not None:
                row = work.session.stream_by_number(known[0])
                state = work.session.state(row)
                if isinstance(state, Customer) and state.person != person:
                    raise InvalidInput("reference", reference, "belongs to a customer of whom other things are known")
                work.repeats = history.scan_entries(work.session, known[0], EVERYTHING)
                return row.id
            customer_id = work.new_id()
            told = decide_customer(None, commands.RegisterCustomer(at=work.at(), person=person))
            work.record(None, customer_id, StreamKind.CUSTOMER, None, told)
            return customer_id

        def same(first: tuple[Entry, ...]) -> bool:
            return not first or getattr(first[0].event, "person", None) in (None, person)

        return self._do(call, ("register_customer",), body, same)

    def update_customer(
        self,
        customer: CustomerRef,
        *,
        name: str = KEEP,
        email: str | None = KEEP,
        birthday: date | None = KEEP,
        language: str | None = KEEP,
        **call: Unpack[Call],
    ) -> Scan:
        """Change what is known of a customer; what is not named stays.

        Raises:
            CustomerNotFound: There is no such customer.
            Refused: The customer was forgotten.
        """
        given = {"name": name, "email": email, "birthday": birthday, "language": language}
        self._refuse_unborn(None if birthday is KEEP else birthday)
        changes: dict[str, Any] = {field: value for field, value in given.items() if value is not KEEP}

        def body(work: Work) -> UUID | None:
            row = work.look.customer_row(customer)
            before = work.session.state(row)
            assert isinstance(before, Customer)
            if before.person is None:
                raise CustomerIsForgotten()
            person = attrs.evolve(before.person, **changes)
            told = decide_customer(before, commands.UpdateCustomer(at=work.at(), person=person))
            work.record(row, row.id, StreamKind.CUSTOMER, before, told)
            return row.id

        def same(first: tuple[Entry, ...]) -> bool:
            person = getattr(first[0].event, "person", None) if first else None
            return person is None or attrs.evolve(person, **changes) == person

        return self._do(call, ("update_customer", named(customer), sorted(changes)), body, same)

    def forget_customer(self, customer: CustomerRef, **call: Unpack[Call]) -> Scan:
        """Forget a person: the key that sealed their data is destroyed. The cards and their history stay, nameless.

        Raises:
            CustomerNotFound: There is no such customer.
        """

        def body(work: Work) -> UUID | None:
            row = work.look.customer_row(customer)
            before = work.session.state(row)
            assert isinstance(before, Customer)
            told = decide_customer(before, commands.ForgetCustomer(at=work.at()))
            work.record(row, row.id, StreamKind.CUSTOMER, before, told)
            return row.id

        return self._do(call, ("forget_customer", named(customer)), body)

    def _refuse_unborn(self, birthday: date | None) -> None:
        if (
            birthday is not None
            and checks.calendar_day(birthday, "birthday") > (self._writer.clock() + AHEAD_MAX).date()
        ):
            raise InvalidInput("birthday", birthday, "must not lie ahead")
