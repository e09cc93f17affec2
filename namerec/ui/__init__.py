"""Everything that touches Streamlit: cached services, session keys, widgets."""
