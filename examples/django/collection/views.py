"""A page about an agent, and the two requests behind it: what stands in the way of a delete, page by page, and the delete
itself."""
import libcascade
from django.db.models import ProtectedError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST
from libcascade.django import blockers_json

from .models import Agent


@require_GET
def agents(request):
    return render(request, 'collection/agents.html', {'agents': Agent.objects.order_by('name')})


@require_GET
@ensure_csrf_cookie
def agent(request, pk):
    return render(request, 'collection/agent.html', {'agent': get_object_or_404(Agent, pk=pk)})


@require_GET
def delete_blockers(request, pk):
    """``?profile=specify`` is what Specify 7 answers, ``&table=...&field=...&offset=...`` a further page of it; the native profile
    goes on by its tokens."""
    profile, options = request.GET.get('profile', 'native'), {}
    try:
        options['limit'] = int(request.GET.get('limit', 20))
        if 'field' in request.GET:
            options.update(field=f"{request.GET.get('table')}.{request.GET['field']}", offset=int(request.GET.get('offset', 0)))
        if 'token' in request.GET:
            options['token'] = request.GET['token']
        if profile not in ('native', 'specify') or options['limit'] < 0:
            raise ValueError('profile is native or specify, and limit not negative')
        if profile == 'specify' and options['limit'] == 0:  # all of them
            options['rounds'] = libcascade.ALL
        return HttpResponse(blockers_json(get_object_or_404(Agent, pk=pk), profile, **options), content_type='application/json')
    except ValueError as wrong:  # a token that is not ours is one too
        return JsonResponse({'error': str(wrong)}, status=400)


@require_POST
def delete(request, pk):
    try:
        total, counts = get_object_or_404(Agent, pk=pk).delete()
    except ProtectedError as refused:
        return JsonResponse({'error': refused.args[0]}, status=409)
    return JsonResponse({'total': total, 'counts': counts})
