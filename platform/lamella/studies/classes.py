"""Between a study's label values and the consecutive classes 0..K that algorithms count in."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamella.studies.models import Study
from lamella.volumes.codec import unsure_of


@dataclass(frozen=True)
class ClassMap:
    """values[k - 1] is the label value of class k. For object ids, class 1 is any object."""

    values: tuple[int, ...]
    instances: bool
    dtype: np.dtype[Any]

    @property
    def count(self) -> int:
        return 1 if self.instances else len(self.values)

    def to_classes(self, labels: NDArray[Any]) -> NDArray[np.uint8]:
        """Label values of any unsigned dtype as classes 0..K in uint8; UNSURE stays unsure.

        Values that are no class of the study count as background.
        """
        result = np.zeros(labels.shape, dtype=np.uint8)
        if self.instances:
            result[labels != 0] = 1
        else:
            for index, value in enumerate(self.values, start=1):
                if value <= np.iinfo(labels.dtype).max:
                    result[labels == value] = index
        result[labels == unsure_of(labels.dtype)] = unsure_of(np.uint8)
        return result

    def to_values(self, classes: NDArray[Any]) -> NDArray[Any]:
        """Classes 0..K as label values of the study's dtype."""
        table = np.zeros(self.count + 1, dtype=self.dtype)
        table[1:] = 1 if self.instances else self.values
        result: NDArray[Any] = table[classes.astype(np.intp)]
        return result


def class_map(study: Study) -> ClassMap:
    values = tuple(int(v) for v in study.classes.values_list("value", flat=True))
    return ClassMap(values or (1,), study.instances, np.dtype(study.label_dtype))
