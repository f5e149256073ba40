import socket

from operations.local.ports import StackPorts, free_port, is_free


def test_a_port_on_which_a_server_listens_is_not_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert not is_free(server.getsockname()[1])
    assert is_free(free_port())


def test_a_stack_takes_the_usual_port_and_gives_the_same_answer_again() -> None:
    usual = free_port()
    ports = StackPorts({})
    assert ports.choose("gateway", usual) == usual
    assert ports.choose("gateway", 1) == usual
    ports.close()


def test_a_stack_moves_aside_where_a_server_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = server.getsockname()[1]
        ports = StackPorts({})
        assert ports.choose("gateway", taken) != taken
        ports.close()


def test_of_two_stacks_that_start_at_once_only_one_gets_a_port() -> None:
    usual = free_port()
    first, second = StackPorts({}), StackPorts({})
    assert first.choose("gateway", usual) == usual
    assert second.choose("gateway", usual) != usual
    first.close()
    second.close()
    third = StackPorts({})
    assert third.choose("gateway", usual) == usual
    third.close()


def test_a_stack_comes_back_to_the_port_of_its_last_start() -> None:
    remembered = free_port()
    ports = StackPorts({"gateway": remembered, "streams-3": 1234})
    assert ports.choose("gateway", free_port()) == remembered
    assert ports.chosen() == {"gateway": remembered, "streams-3": 1234}
    ports.close()


def test_zero_and_unusual_ports_are_any() -> None:
    usual = free_port()
    ports = StackPorts({}, usual=False)
    assert ports.choose("gateway", usual) != usual
    assert ports.choose("writer", 0) > 0
    ports.close()
