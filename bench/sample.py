"""A text of a tweet, for loads that need only one."""

TEXT = "Llueve desde la madrugada y el viento no deja oír la radio; mañana dicen que sale el sol."
