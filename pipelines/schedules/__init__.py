"""What schedules run: each step for one site or a batch of sites, to be repeated at will; Airflow's DAGs call these."""
