"""Ctrl-C and SIGTERM are requests: the first finishes the step, the second stops at once."""

import os
import signal
import threading

import pytest

from ipose.training.stop import StopRequest, listening


class TestStopRequest:
    """False until a signal comes; a second one raises KeyboardInterrupt."""

    @pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "Ctrl-C"), (signal.SIGTERM, "SIGTERM")])
    def test_the_first_signal_makes_it_true_and_is_answered(self, number, name):
        said = []
        request = StopRequest(said.append)
        assert not request
        request(number, None)
        assert request
        assert said == [f"{name}: finishing this step, then saving. Once more stops at once, without saving."]

    @pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
    def test_the_second_raises_and_says_nothing_more(self, second):
        said = []
        request = StopRequest(said.append)
        request(signal.SIGTERM, None)
        with pytest.raises(KeyboardInterrupt):
            request(second, None)
        assert len(said) == 1


class TestListening:
    """listening(say): signals of this process reach the request, and afterwards their old handlers."""

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_reaches_the_request(self, number):
        with listening(lambda _: None) as request:
            assert not request
            os.kill(os.getpid(), number)
            assert request

    def test_handlers_are_as_before_afterwards_after_an_error_too(self):
        before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

        def fail():
            with listening(lambda _: None):
                assert signal.getsignal(signal.SIGINT) is not before[0]
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before

    def test_one_who_listens_around_another_hears_of_the_signal(self):
        with listening(lambda _: None) as around:
            with listening(lambda _: None):
                os.kill(os.getpid(), signal.SIGTERM)
            assert around.signal == "SIGTERM"

    def test_outside_the_main_thread_it_changes_no_handler(self):
        before, seen = signal.getsignal(signal.SIGINT), []

        def listen():
            with listening(lambda _: None) as request:
                seen.append((bool(request), signal.getsignal(signal.SIGINT)))

        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        assert seen == [(False, before)]
