"""crates.io `instant-akismet`, in its own language."""

import rust


def test_the_crate_understands_every_answer(service):
    program = (rust.HERE / "rust/src/main.rs").read_text()
    done = rust.run(program, SERVICE=service.url, SHORT_KEY=service.short_key)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "all is as it should be\n"
    assert [comment["status"] for comment in service.comments()] == ["approved", "rejected"]
