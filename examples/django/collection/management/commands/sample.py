from collection.models import Accession, Address, Agent, Loan, Specimen
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = 'Fills the example: one agent who has lent much, and one to whom nothing but an address refers.'

    def handle(self, *args, **options):
        busy, idle = Agent.objects.create(name='Ada'), Agent.objects.create(name='Bo')
        Loan.objects.bulk_create(Loan(borrower=busy) for _ in range(45))
        Accession.objects.bulk_create(Accession(received_from=busy) for _ in range(3))
        Address.objects.bulk_create(Address(agent=agent, town=town) for agent in (busy, idle) for town in ('Kew', 'Delft'))
        Specimen.objects.bulk_create(Specimen(collector=idle) for _ in range(4))
        self.stdout.write(f'agents {busy.pk} and {idle.pk}')
