"""What a JSON value of a file must be, written as a table: fields, types and bounds.

Whoever writes a file can write anything into it. A description is checked as a whole before
anything is built of it, so that the rest of the code may trust what it reads.
"""

from madaline._data.io.json_checks.formats import DATE_FORMAT as DATE_FORMAT
from madaline._data.io.json_checks.formats import NUMBER_FORMAT as NUMBER_FORMAT
from madaline._data.io.json_checks.holders import Fields as Fields
from madaline._data.io.json_checks.holders import Kinds as Kinds
from madaline._data.io.json_checks.holders import Later as Later
from madaline._data.io.json_checks.holders import ListOf as ListOf
from madaline._data.io.json_checks.holders import MapOf as MapOf
from madaline._data.io.json_checks.holders import Row as Row
from madaline._data.io.json_checks.holders import fields_of as fields_of
from madaline._data.io.json_checks.values import LARGEST as LARGEST
from madaline._data.io.json_checks.values import TRUTH as TRUTH
from madaline._data.io.json_checks.values import Check as Check
from madaline._data.io.json_checks.values import Either as Either
from madaline._data.io.json_checks.values import Malformed as Malformed
from madaline._data.io.json_checks.values import Measured as Measured
from madaline._data.io.json_checks.values import Number as Number
from madaline._data.io.json_checks.values import OneOf as OneOf
from madaline._data.io.json_checks.values import Optional as Optional
from madaline._data.io.json_checks.values import Pattern as Pattern
from madaline._data.io.json_checks.values import Text as Text
from madaline._data.io.json_checks.values import Whole as Whole
