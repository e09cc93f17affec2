"""Background training: queue, threads, snapshots, executors. No Streamlit."""
