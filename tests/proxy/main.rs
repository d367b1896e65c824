//! The program against the genuine LiteLLM proxy.

mod harness;
