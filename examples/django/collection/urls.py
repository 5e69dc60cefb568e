from django.urls import path

from . import views

urlpatterns = [
    path('', views.agents),
    path('agent/<int:pk>/', views.agent),
    path('delete_blockers/agent/<int:pk>/', views.delete_blockers),
    path('agent/<int:pk>/delete/', views.delete),
]
